-- A flush needs no row to change any more: nobody writes for others, so there is nothing to wait for.
drop table if exists flush;
