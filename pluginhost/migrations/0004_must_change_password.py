from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pluginhost", "0003_import_of_a_deleted_session")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="must_change_password",
            field=models.BooleanField(
                default=False, editable=False, help_text="It was made for them, and shown to who made it."
            ),
        ),
    ]
