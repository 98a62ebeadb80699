"""Learning from prepared data: the network, its training, its evaluation, and what it is compared with.

| module | holds |
|---|---|
| `ressin.learn.settings` | every choice, with the paper's defaults |
| `ressin.learn.subnet`, `ressin.learn.fusion` | the network: `ResidualSubnet`, `FusionClassifier`, `ResSIN` |
| `ressin.learn.training` | `train`: data to `TrainedModel`, resumable |
| `ressin.learn.trainer` | the loop itself |
| `ressin.learn.checkpoint` | `TrainedModel`, `load` |
| `ressin.learn.predict` | `predict_recording`, `predict_file`: one recording, and how it differs from the data |
| `ressin.learn.export` | `export_onnx`: a model as ONNX, checked against torch |
| `ressin.learn.evaluate`, `ressin.learn.network` | `cross_validate`, and the network as one `Classifier` among others |
| `ressin.learn.baselines` | majority, SVM on music, classical features with boosting, 1-D network |
| `ressin.learn.metrics` | accuracy to ROC-AUC with intervals by subject |
| `ressin.learn.regression` | Table 1 |

The package needs the extra `train`.
"""
