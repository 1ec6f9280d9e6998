/* svc/slim.h - memory that was only needed to start. */
#ifndef SVC_SLIM_H
#define SVC_SLIM_H

/* Gives back the pages of code and constants of this process; what is needed again comes back from the file. */
void slim_down(void);

#endif
