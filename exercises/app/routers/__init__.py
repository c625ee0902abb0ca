"""The routes: what a request says, as a call of a service; what it returns, as an answer."""
