-- The keys of events, in H2, where an index over hashes would have each event read and write a page of its own: see KeyBook.
-- `keys` are 24 bytes for each: a key's hash (16) and when it was received (milliseconds since 1970-01-01T00:00Z, big-endian).

-- The keys that a transaction brought, or several, until they are in buckets.
create table if not exists key_note (
  id   bigint primary key,
  keys bytea not null
);

-- Runs of keys in their order; `low`, the first 8 bytes of a key as a number, is where a run begins, and the one before it ends.
create table if not exists key_bucket (
  low  bigint primary key,
  keys bytea not null
);

-- What was stored before there were buckets is noted; they are made of the notes later. A key of an event that is there is no
-- older than any event. A start that was killed in the middle does all of this again.
delete from key_note;
insert into key_note (id, keys)
select rownum(), key_hash || cast(at as binary(8)) from (
  select key_hash, (select max(received_at) from event) as at from event
  union all select key_hash, received_at from pruned_key order by key_hash
);
alter table event drop constraint if exists event_once;
