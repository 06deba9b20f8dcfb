"""Subscriptions (数据订阅): consumers receive the changes of a type in order, at least once, by cursor or by push."""
