"""Secrets are made of seeds, a mail knows its address, and somebody answers for an endpoint's address.

A secret that somebody else has chosen cannot be made of a seed. So endpoints there are have none after this, and their
deliveries say so until the team makes a new one.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

_FILL_TO = """
UPDATE webhooks_mail SET "to" = email FROM accounts_user WHERE accounts_user.id = user_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0002_job_ended"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Secret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seed", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="webhooks.endpoint"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="secret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)), fields=("endpoint",), name="one_newest_secret_per_endpoint"
            ),
        ),
        migrations.RemoveField(model_name="endpoint", name="secret"),
        migrations.RemoveField(model_name="endpoint", name="old_secret"),
        migrations.RemoveField(model_name="endpoint", name="old_secret_until"),
        migrations.RenameField(model_name="endpoint", old_name="created_by", new_name="vouched_by"),
        migrations.AddField(
            model_name="mail", name="to", field=models.EmailField(max_length=254, default=""), preserve_default=False
        ),
        migrations.RunSQL(_FILL_TO, migrations.RunSQL.noop),
    ]
