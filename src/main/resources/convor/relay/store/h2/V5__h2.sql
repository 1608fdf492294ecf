-- Its keys are in key_note since V4.
drop table if exists pruned_key;
