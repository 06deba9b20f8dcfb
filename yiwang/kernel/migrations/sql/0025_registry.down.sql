drop table thing_relation, thing_key, thing_fact, thing, thing_source, thing_type;
