-- Where each poll of each organization goes on. Times are milliseconds since 1970-01-01T00:00Z.
create table cursor (
  poll        varchar(64) not null,
  org         varchar(64) not null,
  position    varchar(4096),          -- the API's own cursor
  resume_at   bigint,                 -- the time to go on from in the middle of a list that is read by time
  high_water  bigint,                 -- the newest time of a record that was read
  state       varchar(8) not null,    -- active, paused (by a person or a refusal)
  reason      varchar(512),           -- why it is paused, or what the last run ended with
  failures    int not null,           -- consecutive
  next_at     bigint not null,        -- when the next run may begin
  lease       bigint,                 -- the token of the run under way
  lease_until bigint,
  last_run_at bigint,
  pages       bigint not null,        -- read since the beginning, or since the last reset
  records     bigint not null,
  recovered   bigint not null,        -- of the records, those that no webhook had brought
  covered_to  bigint not null,        -- up to this event the log was read for what webhooks brought
  fingerprint varchar(64) not null,   -- of the settings it was refused with: a changed setting resumes it
  primary key (poll, org)
);

-- What the events of polled organizations tell of: the first 16 bytes of SHA-256 over org, subject and version.
create table covered (
  version_hash bytea primary key,
  covered_at   bigint not null
);
create index covered_by_age on covered (covered_at);
