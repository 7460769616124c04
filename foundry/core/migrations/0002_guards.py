"""What a check constraint cannot say, because it depends on the row as it was before."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION core_job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NEW.attempt <> 0 THEN
            RAISE EXCEPTION 'a job begins queued, with no attempt'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'job_begins_queued';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'queued' AND NEW.state IN ('running', 'cancelled'))
        OR (OLD.state = 'running' AND NEW.state IN ('queued', 'succeeded', 'failed', 'cancelled'))
    ) THEN
        RAISE EXCEPTION 'job %: % -> % is not a transition', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_transition';
    END IF;
    IF NEW.attempt <> OLD.attempt + (CASE WHEN OLD.state = 'queued' AND NEW.state = 'running' THEN 1 ELSE 0 END) THEN
        RAISE EXCEPTION 'job %: attempt % -> % without a claim', OLD.id, OLD.attempt, NEW.attempt
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_attempt_counts_claims';
    END IF;
    IF NEW.failures < OLD.failures THEN
        RAISE EXCEPTION 'job %: failures % -> %', OLD.id, OLD.failures, NEW.failures
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_failures_stay';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_job_guard BEFORE INSERT OR UPDATE OF state, attempt, failures ON core_job
    FOR EACH ROW EXECUTE FUNCTION core_job_guard();

CREATE FUNCTION core_attempt_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'running' THEN
        RAISE EXCEPTION 'attempt %: it has ended as %', OLD.id, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_ended';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_attempt_guard BEFORE UPDATE ON core_attempt
    FOR EACH ROW EXECUTE FUNCTION core_attempt_guard();

CREATE FUNCTION core_result_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a result is written once'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'result_written_once';
END $$;
CREATE TRIGGER core_result_guard BEFORE UPDATE ON core_result
    FOR EACH STATEMENT EXECUTE FUNCTION core_result_guard();

-- Django has no foreign key to a composite key.
ALTER TABLE core_result ADD CONSTRAINT core_result_item_fk
    FOREIGN KEY (request_id, position) REFERENCES core_item (request_id, position) ON DELETE CASCADE;

-- Results are a few kilobytes each and written by the thousand: compressing them took twice as long as writing them.
ALTER TABLE core_result ALTER COLUMN "values" SET STORAGE EXTERNAL;

-- At most one attempt of a job runs.
CREATE UNIQUE INDEX core_attempt_one_running ON core_attempt (job_id) WHERE state = 'running';
"""

_DROP = """
DROP INDEX core_attempt_one_running;
ALTER TABLE core_result DROP CONSTRAINT core_result_item_fk;
DROP TRIGGER core_result_guard ON core_result;
DROP TRIGGER core_attempt_guard ON core_attempt;
DROP TRIGGER core_job_guard ON core_job;
DROP FUNCTION core_result_guard, core_attempt_guard, core_job_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(_CREATE, _DROP)]
