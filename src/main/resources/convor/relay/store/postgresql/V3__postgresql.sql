-- What PostgreSQL needs besides the common schema.

-- Pages of deliveries are sorted by the relay as well as here: by the letters, whatever the database's collation is.
alter table connector alter column name type varchar(64) collate "C", alter column org type varchar(64) collate "C";
alter table delivery alter column connector type varchar(64) collate "C";

-- Rows that are written at every turn: room for the new version beside the old one, and a vacuum that keeps pace.
alter table connector set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table cursor set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table delivery set (autovacuum_vacuum_scale_factor = 0.02);
alter table event set (autovacuum_vacuum_scale_factor = 0.02);
