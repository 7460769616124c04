"""What may become of a release, and the record of what became of it."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION core_release_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('candidate', 'live') THEN
            RAISE EXCEPTION 'a release begins as candidate or live'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'release_begins';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.service, NEW.function, NEW.version) <> (OLD.service, OLD.function, OLD.version) THEN
        RAISE EXCEPTION 'release % of % is another one now', OLD.name, OLD.service
            USING ERRCODE = 'check_violation', CONSTRAINT = 'release_stays_itself';
    END IF;
    IF OLD.pruned_at IS NOT NULL THEN
        RAISE EXCEPTION 'release % of % was pruned', OLD.name, OLD.service
            USING ERRCODE = 'check_violation', CONSTRAINT = 'release_pruned_for_good';
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'candidate' AND NEW.state IN ('live', 'draining'))
        OR (OLD.state = 'live' AND NEW.state = 'draining')
        OR (OLD.state = 'draining' AND NEW.state IN ('candidate', 'live', 'retired'))
        OR (OLD.state = 'retired' AND NEW.state IN ('candidate', 'live'))
    ) THEN
        RAISE EXCEPTION 'release % of %: % -> % is not a transition', OLD.name, OLD.service, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'release_transition';
    END IF;
    -- Two questions, because each state has an index of its own.
    IF NEW.state = 'retired' AND OLD.state <> 'retired' AND (
        EXISTS (SELECT FROM core_job WHERE service = NEW.service AND release = NEW.name AND state = 'queued')
        OR EXISTS (SELECT FROM core_job WHERE service = NEW.service AND release = NEW.name AND state = 'running')
    ) THEN
        RAISE EXCEPTION 'release % of % has unfinished jobs', OLD.name, OLD.service
            USING ERRCODE = 'check_violation', CONSTRAINT = 'release_retired_when_drained';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_release_guard BEFORE INSERT OR UPDATE ON core_release
    FOR EACH ROW EXECUTE FUNCTION core_release_guard();

CREATE FUNCTION core_release_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_releasechange (release_id, at, by, state, share, pruned)
    VALUES (NEW.id, clock_timestamp(), NEW.changed_by, NEW.state, NEW.share, NEW.pruned_at IS NOT NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER core_release_note AFTER INSERT OR UPDATE ON core_release
    FOR EACH ROW EXECUTE FUNCTION core_release_note();

-- Of an attempt that has ended, when its slot left it is all that may still be written.
DROP TRIGGER core_attempt_guard ON core_attempt;
CREATE TRIGGER core_attempt_guard BEFORE UPDATE OF
    job_id, number, state, slot, started_at, finished_at, error, versions,
    memory_mb, price_list, usd_per_gb_second, usd_for_invocation, billed_from, slot_ends_by
    ON core_attempt FOR EACH ROW EXECUTE FUNCTION core_attempt_guard();
"""

_DROP = """
DROP TRIGGER core_attempt_guard ON core_attempt;
CREATE TRIGGER core_attempt_guard BEFORE UPDATE ON core_attempt
    FOR EACH ROW EXECUTE FUNCTION core_attempt_guard();
DROP TRIGGER core_release_note ON core_release;
DROP TRIGGER core_release_guard ON core_release;
DROP FUNCTION core_release_note, core_release_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_releases_and_cost")]
    operations = [migrations.RunSQL(_CREATE, _DROP)]
