"""The application, for a server and for the flask command.

    FLASK_APP=wsgi.py flask db upgrade
    FLASK_APP=wsgi.py flask run

Flask 1.0 and newer find this file by its name, without FLASK_APP.
"""
from blog import create_app

app = create_app()
