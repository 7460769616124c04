from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0006_tags")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("attempt", 1), ("state", "succeeded")),
                fields=["service", "-finished_at"],
                name="job_measured",
            ),
        ),
    ]
