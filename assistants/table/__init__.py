"""The work of the Round Table: who takes a request, how it is answered, and the transcript of it all."""
