drop index flow_instance_definition;
drop index flow_step_done;
