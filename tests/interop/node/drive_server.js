// Starts google-drive-mock on the port that is the first argument, until it is ended from outside.
require("google-drive-mock").startServer(Number(process.argv[2]), "127.0.0.1", {});
