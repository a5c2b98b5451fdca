"""Export: a network taken elsewhere as source code, ONNX, int8, torch.export, timm or ExecuTorch.

One file a target; each writes one file and compares what it wrote with the network.
"""
