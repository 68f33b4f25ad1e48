"""MP4 boxes: reading and writing CMAF segments."""
