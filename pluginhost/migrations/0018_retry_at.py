from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pluginhost', '0017_what_is_looked_for'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='retry_at',
            field=models.DateTimeField(blank=True, help_text='When a crashed one is run again by itself.', null=True),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('retry_at__isnull', False)), fields=['retry_at'], name='session_to_retry'),
        ),
    ]
