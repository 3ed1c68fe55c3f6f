-- Landing, undo, deployment, clean-up. First in this file: what alters `round` stands below it.
alter table round rename to round_before;
create table round (
  change_id text not null references change (id),
  number integer not null,
  cause text not null check (cause in ('request', 'tweak', 'repair', 'conflict', 'undo')),
  instruction text not null default '',
  context text not null default '{}',
  proposal text not null default '',
  route text not null default '{}',
  parent text not null default '',
  commit_id text not null default '',
  notes text not null default '[]',
  tests text not null default '{}',
  summary text not null default '{}',
  ended text not null default '',
  bad_replies integer not null default 0,
  seconds text not null default '{}',
  primary key (change_id, number)
) strict;
insert into round select * from round_before;
drop table round_before;
-- What its commit is compared with, where the change has moved on to a newer base since; else the change's base.
alter table round add column base text not null default '';
-- What the target was before the merge, and what it was about to become: written before the branch is moved.
alter table change add column merged_onto text not null default '';
alter table change add column candidate text not null default '';
-- The change that this one takes back.
alter table change add column undoes text not null default '';
create index change_undoes on change (undoes) where undoes <> '';
-- When its branch and worktree were removed.
alter table change add column pruned_at real;

-- How a merged change went live; one row a merge where the owner has named a command.
create table deployment (
  change_id text primary key references change (id),
  at real not null,
  state text not null check (state in ('due', 'running', 'ill', 'live', 'failed')),
  said text not null default ''
) strict;

-- Rounds: who pressed stop; the work ends with the best round so far.
alter table change add column stop text not null default '';

-- Kinds: the log that a fix came with, redacted and cut.
alter table change add column evidence text not null default '';

-- Review: each person's word for exactly one commit. Rows are only ever added.
create table approval (
  change_id text not null references change (id),
  round integer not null,
  commit_id text not null,
  principal text not null,
  name text not null,
  at real not null,
  primary key (change_id, commit_id, principal)
) strict;
