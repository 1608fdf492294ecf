-- The table that routes/reporting.camel.yaml writes, for the sandbox's own reporting database.
create table if not exists support_event (
  org          varchar(64)  not null,
  source       varchar(64)  not null,
  event_id     varchar(256) not null,
  type         varchar(128) not null,
  subject      varchar(256),
  version      varchar(128),
  received_at  timestamp with time zone not null,
  body         text         not null,
  primary key (org, source, event_id)
);
