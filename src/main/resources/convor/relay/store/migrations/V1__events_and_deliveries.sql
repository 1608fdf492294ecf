-- Times are milliseconds since 1970-01-01T00:00Z.

-- The log: one row per event, in the order of commit. `key_hash` is the first 16 bytes of SHA-256 over org, source and
-- key: a short binary key keeps the unique index small.
create table event (
  id          bigint generated always as identity primary key,
  key_hash    bytea not null,
  org         varchar(64) not null,
  source      varchar(64) not null,
  event_key   varchar(256) not null,
  type        varchar(128) not null,
  subject     varchar(256),
  version     varchar(128),
  received_at bigint not null,
  headers     varchar(32000) not null, -- JSON; room for every allow-listed header at its longest, escaped
  body        bytea not null,
  constraint event_once unique (key_hash)
);
create index event_by_org on event (org, id);

-- One row per (connector, organization): its position in the log and whether it may run.
create table connector (
  name         varchar(64) not null,
  org          varchar(64) not null,
  position     bigint not null,       -- the last event of the log that has been turned into a delivery, or passed over
  state        varchar(8) not null,   -- active, paused (by a person or a refusal), parked (probing after many failures)
  reason       varchar(512),
  wait_until   bigint,                -- no attempt before this: a limit of the destination's, or the next probe
  failures     int not null,          -- consecutive
  active_since bigint not null,       -- the time spent paused or parked does not count towards giving up
  rate_at      bigint not null,       -- when the next attempt fits the rate
  fingerprint  varchar(64) not null,  -- of the settings it was refused with: a changed setting resumes it
  seen_at      bigint not null,       -- when a node that has this connector last said so
  primary key (name, org)
);

-- The ledger: one row per event and connector, from the first claim on, kept when it is done.
create table delivery (
  connector   varchar(64) not null,
  event_id    bigint not null,
  org         varchar(64) not null,
  subject     varchar(256),           -- only where the connector orders by subject
  state       varchar(8) not null,    -- waiting, running, done, dead
  attempt     int not null,           -- attempts spent, the running one included
  due_at      bigint,                 -- waiting: when to try; running: when the lease ends; done: null; see Due
  lease       bigint,                 -- the token that may settle it
  outcome_unknown boolean not null,   -- an earlier attempt may have reached the destination
  status      int,                    -- the destination's last HTTP status
  reason      varchar(512),
  excerpt     varchar(4000),          -- of the destination's last answer, redacted
  remote_id   varchar(256),
  started_at  bigint not null,        -- when the first attempt began, or the last replay
  settled_at  bigint,
  primary key (connector, event_id)
);
create index delivery_due on delivery (connector, org, due_at);
create index delivery_by_event on delivery (event_id, connector);
create index delivery_by_subject on delivery (connector, org, subject);

-- The newest version of a subject that a connector has written, where it is ordered by that.
create table newest_version (
  connector  varchar(64) not null,
  org        varchar(64) not null,
  subject    varchar(256) not null,
  version    varchar(128) not null,
  written_at bigint not null,
  primary key (connector, org, subject)
);
create index newest_version_by_age on newest_version (written_at);

-- What was turned away, capped per organization and sampled under a flood.
create table rejected (
  id         bigint generated always as identity primary key,
  org        varchar(64) not null,    -- '-' where the path names none that exists
  source     varchar(64) not null,
  at         bigint not null,
  reason     varchar(32) not null,
  detail     varchar(512) not null,
  remote     varchar(64) not null,
  body_bytes bigint not null
);
create index rejected_by_org on rejected (org, id);

-- The keys of pruned events: what is sent again is still known as seen.
create table pruned_key (
  key_hash    bytea primary key,
  received_at bigint not null
);
create index pruned_key_by_age on pruned_key (received_at);
