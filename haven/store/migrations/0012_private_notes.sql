-- What somebody wrote beside their request for a change and keeps in this house. It is no column of the change, so that
-- whatever is made of a change (prompt, card, commit, export) can't hold it.
create table private_note (
  change_id text primary key references change (id),
  words text not null,
  at real not null
) strict, without rowid;
