//! What people read: the replies of the control interface as text.
