"""Words of other languages for what stands in headers, and the encodings in which they are written."""

from __future__ import annotations

# Each without blanks and in lower case.
SKIN_CONDUCTANCE = {
    "피부전도도", "피부전도", "피부전기활동", "피부전기반응",
    "皮肤电", "皮电", "皮肤电导", "皮肤电反应", "皮肤电活动", "皮膚電", "皮膚電導", "皮膚電反應", "皮膚電活動",
    "皮膚コンダクタンス", "皮膚電気活動", "皮膚電気反応",
    "кгр", "эда", "кожнаяпроводимость", "проводимостькожи",
    "conductancecutanée", "conductancecutanee", "conductânciadapele", "conductanciadelapiel", "conduttanzacutanea",
    "huidgeleiding", "hudledningsevne", "hudkonduktans",
}  # fmt: skip
TIMES = {
    "시간", "시각", "초", "时间", "时间戳", "时刻", "秒", "時間", "時間戳", "時刻", "время", "дата", "секунды",
    "czas", "čas", "aika", "idő",
}  # fmt: skip
HEADER = SKIN_CONDUCTANCE | TIMES | {
    "time", "timestamp", "timestamps", "seconds", "sec", "ms", "eda", "gsr", "gsc", "scl", "conductance", "galvanic",
    "electrodermal", "zeit", "temps", "tiempo", "tempo", "hautleitwert",
}  # fmt: skip
OTHER_SIGNALS = {
    "온도": "temperature", "체온": "temperature", "피부온도": "temperature", "심박수": "heart rate",
    "심박": "heart rate",
    "호흡": "respiration", "温度": "temperature", "体温": "temperature", "皮温": "temperature",
    "皮肤温度": "temperature",
    "皮膚温度": "temperature", "皮膚温": "temperature", "溫度": "temperature", "體溫": "temperature",
    "皮膚溫度": "temperature", "心率": "heart rate", "心拍数": "heart rate", "心拍": "heart rate",
    "呼吸": "respiration",
    "температура": "temperature", "пульс": "pulse", "чсс": "heart rate", "дыхание": "respiration",
    "temperatur": "temperature", "température": "temperature", "temperatura": "temperature",
    "puls": "pulse", "herzfrequenz": "heart rate", "herzrate": "heart rate", "atmung": "respiration",
}  # fmt: skip
UNITS = {  # of Russian headers
    "См": "S", "мкСм": "uS", "мСм": "mS", "нСм": "nS", "Ом": "Ohm", "кОм": "kOhm", "МОм": "MOhm", "В": "V", "мВ": "mV",
    "мкВ": "uV", "с": "s", "сек": "s", "мс": "ms", "°С": "°C", "мкСименс": "uS",
}  # fmt: skip

# Encoding, its name, and letters of its language for: time, second, skin, conductance, electric, temperature, heart,
# signal, data, number, channel.
EASTERN = (
    ("gb18030", "GB 18030", "时间秒皮肤电导温度心率信号数据序通道"),
    ("cp949", "Korean (cp949)", "시간초피부전도기온심박신호데이터번채널"),
    ("big5", "Big5", "時間秒皮膚電導溫度心率訊號數據序通道"),
    ("cp932", "Shift JIS", "時間刻秒皮膚電気温度心拍信号データコンダクタンス"),
)
# Of time, second, skin, conductance, temperature, microsiemens, kilohm, galvanic skin response.
RUSSIAN = ("врем", "секунд", "кож", "провод", "температур", "мксм", "ком)", "кгр")
