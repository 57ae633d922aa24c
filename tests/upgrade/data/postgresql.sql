CREATE TABLE jobs_schema (version INTEGER NOT NULL);
INSERT INTO jobs_schema VALUES (3);
CREATE TABLE IF NOT EXISTS deliveries (
  seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  guid        TEXT NOT NULL UNIQUE,
  event       TEXT NOT NULL,
  received_at DOUBLE PRECISION NOT NULL,
  state       TEXT NOT NULL DEFAULT 'queued',
  key         TEXT,
  action      TEXT NOT NULL DEFAULT '',
  attempts    INTEGER NOT NULL DEFAULT 0,
  token       INTEGER NOT NULL DEFAULT 0,
  worker      TEXT,
  next_at     DOUBLE PRECISION,
  not_before  DOUBLE PRECISION,
  finished_at DOUBLE PRECISION,
  reason      TEXT
);
CREATE TABLE IF NOT EXISTS bodies (seq BIGINT PRIMARY KEY, body BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS workers (id TEXT PRIMARY KEY, seen_at DOUBLE PRECISION NOT NULL);
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), count BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_unfinished ON deliveries (seq) WHERE state IN ('queued', 'running');
CREATE INDEX IF NOT EXISTS deliveries_lane ON deliveries (key, seq) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX IF NOT EXISTS deliveries_running ON deliveries (key) WHERE state = 'running';
CREATE INDEX IF NOT EXISTS deliveries_unrouted ON deliveries (seq) WHERE state = 'queued' AND key IS NULL;
CREATE INDEX IF NOT EXISTS deliveries_later ON deliveries (seq)
WHERE state = 'queued' AND (next_at IS NOT NULL OR not_before IS NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE records (
  namespace VARCHAR(40) NOT NULL,
  key VARCHAR(400) COLLATE "C" NOT NULL,
  value BYTEA NOT NULL,
  size INTEGER NOT NULL,
  version VARCHAR(32) NOT NULL,
  written_at FLOAT(53) NOT NULL,
  PRIMARY KEY (namespace, key)
);
CREATE TABLE ledger (
  name VARCHAR(200) NOT NULL,
  document JSON NOT NULL,
  PRIMARY KEY (name)
);
