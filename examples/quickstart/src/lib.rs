//! What the three example servers share.
