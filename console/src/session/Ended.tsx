import { Modal, Text } from "@mantine/core";
import SignIn from "./SignIn";

/** Asks to sign in again, over the page, which stays as it is. */
export default function Ended() {
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session has ended"
    >
      <Text size="sm" mb="md">
        Sign in to go on where you are.
      </Text>
      <SignIn />
    </Modal>
  );
}
