drop table data_quarantine, data_pull_run, data_pull, data_subscription;
drop trigger thing_fact_counts_transactions on journal_era;
drop function thing_fact_counts_transactions();
drop index thing_fact_tx;
alter table thing_fact drop column tx;
drop table quality_dispatch, quality_twin, quality_defect, quality_score, quality_run;
