from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_plain_results"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="servicerequest",
            name="tags",
            field=models.JSONField(db_default=models.Value([], models.JSONField())),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("failures__gte", 1), ("state__in", ["queued", "running"])),
                fields=["-failures", "id"],
                name="job_struggling",
            ),
        ),
    ]
