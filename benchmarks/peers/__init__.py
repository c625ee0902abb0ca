"""One small job through this workbook and through the tools that courses use."""
