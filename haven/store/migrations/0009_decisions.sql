-- Who decided, by id beside the name as it was then: whoever has themselves forgotten is called otherwise by now.
alter table world_draft add column decided_by_id text not null default '';
alter table world_write add column approved_by_id text not null default '';
alter table alert add column acknowledged_by_id text not null default '';
create trigger world_write_approver_only_goes before update of approved_by_id on world_write
when new.approved_by_id not like 'left:%'
begin select raise(abort, 'the history of the world is only added to'); end;

-- When a face drew it last: the words on it go when they are old.
alter table card add column at real not null default 0;
update card set at = cast(strftime('%s', 'now') as real);
