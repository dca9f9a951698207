from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pluginhost", "0008_what_was_said_of_a_step")]

    operations = [
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["project", "created_at", "state"], name="session_by_time"),
        ),
    ]
