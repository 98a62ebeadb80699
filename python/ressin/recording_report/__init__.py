"""A page for each recording, and an overview of a study, as HTML that needs no other file.

| module | holds |
|---|---|
| `ressin.recording_report.reported` | a recording with its parts, responses and events: what a page is about |
| `ressin.recording_report.stretches` | the stretches that are not valid |
| `ressin.recording_report.zoomable` | the picture on the screen |
| `ressin.recording_report.still` | the picture on paper, and the thumbnail |
| `ressin.recording_report.methods` | the sentence for the methods section, and its references |
| `ressin.recording_report.facts` | figures of quality, settings, evidence, versions |
| `ressin.recording_report.page` | `write_report`: the page of a recording |
| `ressin.recording_report.study` | the overview of a study |

Needs the extra `report`.
"""
