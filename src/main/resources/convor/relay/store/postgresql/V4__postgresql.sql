-- An organization is compared between these tables: with another collation than connector's an index would not serve.
alter table event alter column org type varchar(64) collate "C";
alter table delivery alter column org type varchar(64) collate "C";
