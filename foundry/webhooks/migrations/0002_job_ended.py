"""Each job that ends leaves word, in the transaction that ends it, so that it cannot be forgotten."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION webhooks_job_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhooks_jobended (request_id) VALUES (NEW.request_id);
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_job_ended AFTER UPDATE OF state ON core_job
    FOR EACH ROW
    WHEN (OLD.state IN ('queued', 'running') AND NEW.state IN ('succeeded', 'failed', 'cancelled'))
    EXECUTE FUNCTION webhooks_job_ended();
"""
_DROP = """
DROP TRIGGER webhooks_job_ended ON core_job;
DROP FUNCTION webhooks_job_ended();
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial"), ("core", "0002_guards")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
