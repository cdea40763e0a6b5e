-- The registry's tables, in the SQL that SQLite and PostgreSQL have in common.
--
-- Everything but `registry`, `entries`, `tiles`, `checkpoints` and the nonces is derived from the
-- octets of the entries: kept for search, and checked against them by an audit. Times are seconds
-- since 1970. Rows are added, never changed; of nonces, those that expired are removed.

-- What the registry is: its origin, the key of its log, the version of its format.
CREATE TABLE registry (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The entries, numbered from 0 without a gap.
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    kind BIGINT NOT NULL,
    id BYTEA NOT NULL CHECK (length(id) = 32),
    recorded_at BIGINT NOT NULL,
    octets BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL CHECK (length(leaf_hash) = 32),
    UNIQUE (kind, id)
);
CREATE INDEX entries_by_time ON entries (recorded_at, idx);
CREATE INDEX entries_by_kind ON entries (kind, idx);

-- Complete tiles of the log. Partial ones follow from `entries.leaf_hash` and `tiles.root`.
CREATE TABLE tiles (
    level BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    root BYTEA NOT NULL CHECK (length(root) = 32),
    hashes BYTEA NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, idx)
);

-- The signed checkpoint of every write.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    root BYTEA NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    signed_at BIGINT NOT NULL
);

-- Numbers of Ed25519 keys, schemas and subjects: other tables have these instead of the long names.
CREATE TABLE keys (
    no INTEGER PRIMARY KEY,
    key BYTEA NOT NULL UNIQUE CHECK (length(key) = 32)
);
CREATE TABLE schemas (
    no INTEGER PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE CHECK (length(id) = 32),
    idx BIGINT NOT NULL UNIQUE REFERENCES entries (idx)
);
CREATE TABLE subjects (
    no INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE
);

CREATE TABLE attestations (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    schema_no BIGINT NOT NULL REFERENCES schemas (no),
    issuer_no BIGINT NOT NULL REFERENCES keys (no),
    subject_no BIGINT REFERENCES subjects (no),
    issued_at BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    revocable BIGINT NOT NULL,
    handle BIGINT
);
-- One for each question that can be asked, so that a page of its answer is read off the index.
CREATE INDEX attestations_by_schema ON attestations (schema_no, idx);
CREATE INDEX attestations_by_issuer ON attestations (issuer_no, idx);
CREATE INDEX attestations_by_issuer_schema ON attestations (issuer_no, schema_no, idx);
CREATE INDEX attestations_by_subject ON attestations (subject_no, idx);
CREATE INDEX attestations_by_subject_schema ON attestations (subject_no, schema_no, idx);
CREATE INDEX attestations_by_subject_issuer ON attestations (subject_no, issuer_no, idx);
CREATE INDEX attestations_by_all ON attestations (subject_no, issuer_no, schema_no, idx);

-- Links: `source` is the attestation that says so, `relation` as in the encoding.
CREATE TABLE links (
    target BIGINT NOT NULL REFERENCES attestations (idx),
    relation BIGINT NOT NULL,
    source BIGINT NOT NULL REFERENCES attestations (idx),
    PRIMARY KEY (target, relation, source)
);
CREATE INDEX links_by_target ON links (target, source);
CREATE INDEX links_by_source ON links (source);

-- Events: `act` is 0 for a revocation, 1 for a suspension, 2 for a resumption.
CREATE TABLE events (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    target BIGINT NOT NULL REFERENCES entries (idx),
    act BIGINT NOT NULL,
    effective BIGINT NOT NULL
);
CREATE INDEX events_by_target ON events (target, idx);

CREATE TABLE grants (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    issuer_no BIGINT NOT NULL REFERENCES keys (no),
    grantor_no BIGINT NOT NULL REFERENCES keys (no),
    delegate_no BIGINT NOT NULL REFERENCES keys (no),
    parent BIGINT REFERENCES grants (idx),
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL
);
CREATE INDEX grants_by_issuer ON grants (issuer_no, idx);
CREATE INDEX grants_by_delegate ON grants (delegate_no, idx);

-- Issuers' records: an Ed25519 key and the BBS key that it is bound to.
CREATE TABLE bindings (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    attester BYTEA NOT NULL CHECK (length(attester) = 32),
    issuer BYTEA NOT NULL CHECK (length(issuer) = 96)
);
CREATE INDEX bindings_by_attester ON bindings (attester, idx);
CREATE INDEX bindings_by_issuer ON bindings (issuer, idx);

CREATE TABLE trust_editions (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    list TEXT NOT NULL,
    authority BYTEA NOT NULL CHECK (length(authority) = 32),
    sequence BIGINT NOT NULL,
    UNIQUE (list, authority, sequence)
);

-- Epochs of sorted lists, and what is on them: shards of at most 512 elements in ascending order, 8
-- octets each, big-endian, so that the order of octets is that of numbers. `elements` of an epoch is
-- the canonical document that says of what the list is.
CREATE TABLE epochs (
    idx INTEGER PRIMARY KEY REFERENCES entries (idx),
    list TEXT NOT NULL,
    authority BYTEA NOT NULL CHECK (length(authority) = 96),
    elements TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    UNIQUE (list, authority, elements, epoch)
);
CREATE TABLE list_shards (
    epoch BIGINT NOT NULL REFERENCES epochs (idx),
    first BYTEA NOT NULL CHECK (length(first) = 8),
    elements BYTEA NOT NULL CHECK (length(elements) <= 4096),
    PRIMARY KEY (epoch, first)
);

-- Numbers that delegated statements have used up.
CREATE TABLE used_nonces (
    signer BYTEA NOT NULL CHECK (length(signer) = 32),
    nonce BYTEA NOT NULL CHECK (length(nonce) = 32),
    idx BIGINT NOT NULL REFERENCES entries (idx),
    PRIMARY KEY (signer, nonce)
);

-- Nonces of requests that were answered. Those of `until` before the last of `purges` were
-- forgotten: of that time, none is taken any more, whatever the clock says later.
CREATE TABLE spent (
    nonce BYTEA PRIMARY KEY CHECK (length(nonce) = 32),
    until BIGINT NOT NULL
);
CREATE INDEX spent_by_time ON spent (until);
CREATE TABLE purges (
    before BIGINT PRIMARY KEY
);
