"""Trends (趋势预测): how many cases are to be expected, how far off that may be, and which day was out of the ordinary.

``days`` knows the calendar of a series, ``model`` the forecast, ``counts`` the distribution, ``trial`` the error of both
the forecast and the seasonal naive one it must beat, ``alarms`` what no longer is chance. The rest is the city's own
series: ``store`` (SQL), ``service``, ``api``.
"""

from yiwang.insight.trends.alarms import Surprise, surprises
from yiwang.insight.trends.counts import Interval, interval, tails
from yiwang.insight.trends.days import Days
from yiwang.insight.trends.model import Forecast, Model, fit
from yiwang.insight.trends.trial import Score, Trial, trial

__all__ = [
    "Days",
    "Forecast",
    "Interval",
    "Model",
    "Score",
    "Surprise",
    "Trial",
    "fit",
    "interval",
    "surprises",
    "tails",
    "trial",
]
