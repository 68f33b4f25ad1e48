"""MP4 boxes: reads and writes CMAF segments."""
