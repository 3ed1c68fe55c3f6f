-- What is or was wrong: one row from when it began until it was over. One open row for each cause, never two.
create table alert (
  id text primary key,
  cause text not null,
  level text not null check (level in ('warning', 'urgent')),
  text text not null,
  mend text not null default '',
  raised_at real not null,
  told_at real,
  acknowledged_at real,
  acknowledged_by text not null default '',
  calm_since real,
  cleared_at real,
  clear_told_at real
) strict;
create unique index alert_open on alert (cause) where cleared_at is null;
create index alert_raised on alert (raised_at);

-- Templates of log lines that were seen: what is new stands out. No line is kept, only its template without values.
create table log_template (
  source text not null,
  template text not null,
  first_at real not null,
  last_at real not null,
  primary key (source, template)
) strict, without rowid;
