"""Who sends, and who was woken to, says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0003_seeds"),
    ]

    operations = [
        migrations.AlterModelOptions(name="delivery", options={"verbose_name_plural": "deliveries"}),
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[("sending", "Sending"), ("woken", "Woken")],
                        max_length=7,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("until", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("name__in", ["sending", "woken"])), name="turn_known")
                ],
            },
        ),
    ]
