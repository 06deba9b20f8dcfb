drop table identity_absence;
