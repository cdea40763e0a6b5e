-- SQLite only: rows are added, never changed and never removed. Whoever writes to the file by other
-- means can drop these; that is what the log is for. They stop this program's own mistakes.

CREATE TRIGGER registry_are_not_changed BEFORE UPDATE ON registry
BEGIN SELECT RAISE(ABORT, 'append-only: rows of registry are not changed'); END;
CREATE TRIGGER registry_are_not_removed BEFORE DELETE ON registry
BEGIN SELECT RAISE(ABORT, 'append-only: rows of registry are not removed'); END;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'append-only: rows of entries are not changed'); END;
CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'append-only: rows of entries are not removed'); END;
CREATE TRIGGER tiles_are_not_changed BEFORE UPDATE ON tiles
BEGIN SELECT RAISE(ABORT, 'append-only: rows of tiles are not changed'); END;
CREATE TRIGGER tiles_are_not_removed BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'append-only: rows of tiles are not removed'); END;
CREATE TRIGGER checkpoints_are_not_changed BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'append-only: rows of checkpoints are not changed'); END;
CREATE TRIGGER checkpoints_are_not_removed BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'append-only: rows of checkpoints are not removed'); END;
CREATE TRIGGER keys_are_not_changed BEFORE UPDATE ON keys
BEGIN SELECT RAISE(ABORT, 'append-only: rows of keys are not changed'); END;
CREATE TRIGGER keys_are_not_removed BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'append-only: rows of keys are not removed'); END;
CREATE TRIGGER schemas_are_not_changed BEFORE UPDATE ON schemas
BEGIN SELECT RAISE(ABORT, 'append-only: rows of schemas are not changed'); END;
CREATE TRIGGER schemas_are_not_removed BEFORE DELETE ON schemas
BEGIN SELECT RAISE(ABORT, 'append-only: rows of schemas are not removed'); END;
CREATE TRIGGER subjects_are_not_changed BEFORE UPDATE ON subjects
BEGIN SELECT RAISE(ABORT, 'append-only: rows of subjects are not changed'); END;
CREATE TRIGGER subjects_are_not_removed BEFORE DELETE ON subjects
BEGIN SELECT RAISE(ABORT, 'append-only: rows of subjects are not removed'); END;
CREATE TRIGGER attestations_are_not_changed BEFORE UPDATE ON attestations
BEGIN SELECT RAISE(ABORT, 'append-only: rows of attestations are not changed'); END;
CREATE TRIGGER attestations_are_not_removed BEFORE DELETE ON attestations
BEGIN SELECT RAISE(ABORT, 'append-only: rows of attestations are not removed'); END;
CREATE TRIGGER links_are_not_changed BEFORE UPDATE ON links
BEGIN SELECT RAISE(ABORT, 'append-only: rows of links are not changed'); END;
CREATE TRIGGER links_are_not_removed BEFORE DELETE ON links
BEGIN SELECT RAISE(ABORT, 'append-only: rows of links are not removed'); END;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'append-only: rows of events are not changed'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'append-only: rows of events are not removed'); END;
CREATE TRIGGER grants_are_not_changed BEFORE UPDATE ON grants
BEGIN SELECT RAISE(ABORT, 'append-only: rows of grants are not changed'); END;
CREATE TRIGGER grants_are_not_removed BEFORE DELETE ON grants
BEGIN SELECT RAISE(ABORT, 'append-only: rows of grants are not removed'); END;
CREATE TRIGGER bindings_are_not_changed BEFORE UPDATE ON bindings
BEGIN SELECT RAISE(ABORT, 'append-only: rows of bindings are not changed'); END;
CREATE TRIGGER bindings_are_not_removed BEFORE DELETE ON bindings
BEGIN SELECT RAISE(ABORT, 'append-only: rows of bindings are not removed'); END;
CREATE TRIGGER trust_editions_are_not_changed BEFORE UPDATE ON trust_editions
BEGIN SELECT RAISE(ABORT, 'append-only: rows of trust_editions are not changed'); END;
CREATE TRIGGER trust_editions_are_not_removed BEFORE DELETE ON trust_editions
BEGIN SELECT RAISE(ABORT, 'append-only: rows of trust_editions are not removed'); END;
CREATE TRIGGER epochs_are_not_changed BEFORE UPDATE ON epochs
BEGIN SELECT RAISE(ABORT, 'append-only: rows of epochs are not changed'); END;
CREATE TRIGGER epochs_are_not_removed BEFORE DELETE ON epochs
BEGIN SELECT RAISE(ABORT, 'append-only: rows of epochs are not removed'); END;
CREATE TRIGGER list_shards_are_not_changed BEFORE UPDATE ON list_shards
BEGIN SELECT RAISE(ABORT, 'append-only: rows of list_shards are not changed'); END;
CREATE TRIGGER list_shards_are_not_removed BEFORE DELETE ON list_shards
BEGIN SELECT RAISE(ABORT, 'append-only: rows of list_shards are not removed'); END;
CREATE TRIGGER used_nonces_are_not_changed BEFORE UPDATE ON used_nonces
BEGIN SELECT RAISE(ABORT, 'append-only: rows of used_nonces are not changed'); END;
CREATE TRIGGER used_nonces_are_not_removed BEFORE DELETE ON used_nonces
BEGIN SELECT RAISE(ABORT, 'append-only: rows of used_nonces are not removed'); END;
CREATE TRIGGER spent_are_not_changed BEFORE UPDATE ON spent
BEGIN SELECT RAISE(ABORT, 'append-only: rows of spent are not changed'); END;
CREATE TRIGGER purges_are_not_changed BEFORE UPDATE ON purges
BEGIN SELECT RAISE(ABORT, 'append-only: rows of purges are not changed'); END;
CREATE TRIGGER purges_are_not_removed BEFORE DELETE ON purges
BEGIN SELECT RAISE(ABORT, 'append-only: rows of purges are not removed'); END;

-- What expired before the time of the last purge may go.
CREATE TRIGGER spent_are_not_removed BEFORE DELETE ON spent
WHEN old.until >= (SELECT coalesce(max(before), 0) FROM purges)
BEGIN SELECT RAISE(ABORT, 'append-only: rows of spent are not removed before their time'); END;

-- Entries have no gaps, and time does not run backwards.
CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN new.idx > 0 AND NOT EXISTS (
    SELECT 1 FROM entries WHERE idx = new.idx - 1 AND recorded_at <= new.recorded_at
)
BEGIN SELECT RAISE(ABORT, 'append-only: entries follow each other'); END;
