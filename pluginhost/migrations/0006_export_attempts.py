"""How often an export was begun, and when its builder was last heard of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pluginhost", "0005_project_kind_and_who_changed_a_task"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often somebody began to build it."),
        ),
        migrations.AlterField(
            model_name="export",
            name="building_at",
            field=models.DateTimeField(blank=True, help_text="When its builder was last heard of.", null=True),
        ),
    ]
