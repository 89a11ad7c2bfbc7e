"""What people run in a terminal before something goes wrong: the way to an endpoint, and the deployment's health."""
