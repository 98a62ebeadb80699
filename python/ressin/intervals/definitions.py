"""What each feature of an interval is: its unit, its source, and the least interval that it needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """One column of the table of features.

    Attributes
    ----------
    name
        Of the column; NeuroKit2's where NeuroKit2 has the measure.
    meaning
        In words.
    unit
        ``U`` stands for the signal's unit; ``""`` where there is none.
    source
        Who defined it, or ``""`` for a plain statistic.
    least_seconds
        Shortest interval in which it is computed; NaN below.
    """

    name: str
    meaning: str
    unit: str
    source: str = ""
    least_seconds: float = 0.0


BOUCSEIN = "Boucsein et al. 2012, doi:10.1111/j.1469-8986.2012.01384.x"
POSADA = "Posada-Quintero et al. 2016, doi:10.1007/s10439-016-1606-6"
TVSYMP = "Posada-Quintero et al. 2016, doi:10.1152/ajpregu.00180.2016"
LEDALAB = "Benedek and Kaernbach 2010, doi:10.1016/j.jneumeth.2010.04.028"
VAN_HALEM = "van Halem et al. 2020, doi:10.1002/per.2252"

FEATURES = (
    Feature("SCR_Peaks_N", "responses whose onset lies in the interval", ""),
    Feature("SCR_Rate", "responses a minute (NS-SCR where there are no stimuli)", "1/min", BOUCSEIN, 20.0),
    Feature("SCR_Peaks_Amplitude_Mean", "mean amplitude; NaN without a response", "U", BOUCSEIN),
    Feature("SCR_Amplitude_SD", "standard deviation of the amplitudes (n - 1); NaN with fewer than two", "U"),
    Feature("SCR_Amplitude_Max", "largest amplitude; NaN without a response", "U"),
    Feature("SCR_Amplitude_Sum", "sum of the amplitudes, 0 without a response", "U", LEDALAB),
    Feature("SCR_Amplitude_Rate", "the same a minute, for intervals of different length", "U/min", "", 20.0),
    Feature("SCR_RiseTime_Mean", "mean time from onset to peak", "s", BOUCSEIN),
    Feature("SCR_RecoveryTime_Mean", "mean time from peak to half of the amplitude", "s", BOUCSEIN),
    Feature("EDA_ISCR", "area of the driver, as that of a response of area one", "U s", LEDALAB),
    Feature("EDA_Phasic_Mean", "mean of the phasic part", "U"),
    Feature("EDA_Phasic_SD", "its standard deviation", "U"),
    Feature("EDA_Phasic_Max", "its largest value", "U"),
    Feature("EDA_Phasic_Skewness", "its third standardised moment; NaN where it hardly varies", ""),
    Feature("EDA_Phasic_Late", "share of its absolute area that lies in the interval's second half", ""),
    Feature("EDA_Tonic_Mean", "mean of the tonic part, the skin conductance level", "U", BOUCSEIN),
    Feature("EDA_Tonic_SD", "its standard deviation", "U"),
    Feature("EDA_Tonic_Min", "its smallest value", "U"),
    Feature("EDA_Tonic_Max", "its largest value", "U"),
    Feature("EDA_Tonic_Slope", "slope of the line of least squares through it", "U/s", "", 5.0),
    Feature("EDA_Tonic_Change", "its last value less its first", "U"),
    Feature("EDA_Mean", "mean of the signal", "U"),
    Feature("EDA_SD", "its standard deviation", "U"),
    Feature("EDA_Slope", "slope of the line of least squares through it", "U/s", "", 5.0),
    Feature("EDA_Step", "mean absolute change from sample to sample", "U/s"),
    Feature("EDA_Sympathetic", "power of the signal from 0.045 to 0.25 Hz", "U2", POSADA, 64.0),
    Feature("EDA_SympatheticN", "the same over the power from 0.01 to 0.4 Hz", "", POSADA, 64.0),
    Feature("EDA_TVSymp", "mean amplitude from 0.08 to 0.24 Hz, over its deviation in the recording", "", TVSYMP, 20.0),
    Feature("EDA_Autocorrelation", "correlation of the signal with itself 4 s later", "", VAN_HALEM, 30.0),
    Feature("EDA_Valid", "share of samples that are valid", ""),
)
NAMES = tuple(feature.name for feature in FEATURES)
