-- Whose words a round was asked for with, where it was not the one who asked for the change.
alter table round add column by_id text not null default '';
