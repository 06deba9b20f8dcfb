"""Computed metrics 计算指标: what packs compute from the roll-ups of their devices, kept as roll-ups like measured ones."""
