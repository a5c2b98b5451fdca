def foldable(picture, style): return ""
