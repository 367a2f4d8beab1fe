from setuptools import setup

# Everything is in setup.cfg: setuptools 44, the last for Python 2.7, builds
# from there as well.
setup()
