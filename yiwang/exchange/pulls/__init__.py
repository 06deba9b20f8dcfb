"""Pulls (数据汇聚): scheduled jobs that fetch what is new from other systems; refused rows wait in quarantine."""
