"""Learning from prepared data: the network, its training, its evaluation, and what it is compared with.

| module of `ressin.learn` | holds |
|---|---|
| `model.settings` | every setting, with the paper's defaults |
| `model.subnet`, `model.fusion` | the network: `ResidualSubnet`, `FusionClassifier`, `ResSIN` |
| `model.decomposing` | the network with the decomposition inside |
| `training.trainer` | the loop itself |
| `training.dataset` | prepared recordings as a torch Dataset, and batches of pictures |
| `trained.train` | `train`: data to `TrainedModel`, resumable |
| `trained.checkpoint` | `TrainedModel`, `load` |
| `trained.predict` | `predict_recording`, `predict_file`: one recording, and how it differs from the data |
| `trained.export` | `export_onnx`: a model as ONNX, checked against torch |
| `evaluation.evaluate`, `evaluation.network` | `cross_validate`, and the network as one `Classifier` among others |
| `evaluation.baselines` | majority, SVM on music, classical features with boosting, 1-D network |
| `evaluation.metrics` | accuracy to ROC-AUC with intervals by subject |
| `evaluation.regression` | Table 1 |

The package needs the extra `train`.
"""
