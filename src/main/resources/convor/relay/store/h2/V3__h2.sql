-- What H2 needs besides the common schema.

-- One row that every flush changes: a checkpoint that has nothing to write would not wait for what is being written.
create table flush (
  number bigint not null
);
insert into flush (number) values (0);
